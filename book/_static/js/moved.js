// An old link to a section that stands on another page now leads on to it. A plain script: it works from a folder, too.

(() => {
  const moved = JSON.parse(document.currentScript.dataset.moved);

  function lead() {
    const name = decodeURIComponent(location.hash.slice(1));
    if (Object.hasOwn(moved, name) && !document.getElementById(name)) location.replace(moved[name]);
  }

  addEventListener("hashchange", lead);
  lead();
})();
