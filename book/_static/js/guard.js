// Notices where the page's scripts do not start, and says in one sentence what is missing and what helps. It stands in
// the page itself and is written for old browsers, since those are the ones it has to speak to.
(function () {
  var broken = "", said = false;
  var PLAYS = ".cell, .quiz, .cards, [data-afm]";
  var OLDEST = "Chrome or Edge 111, Firefox 114, Safari 16.4, or anything newer, run them.";
  function say(words) {
    var place = document.querySelector(".bd-article"), note = document.createElement("p");
    if (said || !place || !document.querySelector(PLAYS)) return;
    said = true;
    note.className = "page-notice";
    note.setAttribute("role", "note");
    note.appendChild(document.createTextNode(words));
    place.insertBefore(note, place.firstChild);
  }
  function old(reason) {
    say("The text is complete, but some of this page's cells, quizzes, cards and explorables do not work in this browser (" + reason + "): " + OLDEST);
  }
  function look() {
    if (location.protocol === "file:") say("This page was opened as a file, and a browser then starts none of its cells, quizzes, cards and explorables; text, results, answers, tables and the search work; for the rest, run \u201cpython -m http.server\u201d in the site\u2019s folder and open the address it prints.");
    else if (!("noModule" in document.createElement("script"))) old("it knows no modules");
    else if (broken) old(broken);
  }
  function ours(place) { return /_static\/(js|run|practice|widgets)\//.test(String(place)); }
  function hear(event) {
    var target = event.target || {}, reason = event.reason || {};
    if (!ours(event.filename || target.src || reason.stack)) return;
    broken = event.message || reason.message || "a script could not be loaded";
    if (document.readyState !== "loading") look();
  }
  addEventListener("error", hear, true);
  addEventListener("unhandledrejection", hear);
  addEventListener("DOMContentLoaded", look);
})();
