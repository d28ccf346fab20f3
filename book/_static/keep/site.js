// The service worker of this site, which is there only where the course was asked to be kept.

export const ROOT = new URL("../../", import.meta.url);
const workers = navigator.serviceWorker; // missing under file://, at addresses without https, and in some private windows

export const able = Boolean(workers) && "caches" in globalThis;

/** The registration of this site, and of no other on the same host. */
export async function registered() {
  const found = await workers?.getRegistration(ROOT.href);
  return found?.scope === ROOT.href ? found : null;
}

/** Start the worker; resolves when it can be asked. */
export async function start() {
  const made = await workers.register(new URL("offline.js", ROOT), { scope: ROOT.href });
  const worker = made.active ?? made.waiting ?? made.installing;
  if (worker.state !== "activated") {
    await new Promise((done, failed) => {
      worker.addEventListener("statechange", () => {
        if (worker.state === "activated") done();
        if (worker.state === "redundant") failed(new Error("the browser did not start it"));
      });
    });
  }
  return made;
}

export const ask = (registration, message) => registration.active?.postMessage(message);

/** Call `tell` with each message of the worker. */
export function listen(tell) {
  workers.addEventListener("message", ({ data }) => data?.kind && tell(data));
  workers.startMessages();
}
