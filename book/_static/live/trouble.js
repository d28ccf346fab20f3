// What can go wrong: each with a reason for the page and one sentence for its reader.
const SAYS = {
  aborted: () => "It was stopped.",
  offline: () => "The model could not be fetched: there is no connection to the server.",
  cut: (got, all) => `The download broke off after ${megabytes(got)} of ${megabytes(all)} MB.`,
  hash: () => "What came is not the model that was expected: its SHA-256 differs.",
  memory: () => "There is not enough memory for the model on this device: it takes about 300 MB.",
  "no-wasm": () => "This browser does not run the WebAssembly that the fast engine needs.",
  quota: () => "The model works, but it could not be kept for the next visit.",
  missing: (status) => `The server does not have the model's file (it answers ${status}).`,
  worker: (text) => `The engine has stopped working${text ? `: ${text.replace(/\.$/, "")}` : ""}.`,
  refused: (text) => text, // what was asked cannot be done
};

const megabytes = (bytes) => Math.round(bytes / 1e6);

export class Trouble extends Error {
  name = "Trouble";

  constructor(reason, ...details) {
    super(SAYS[reason](...details));
    this.reason = reason;
  }
}

// Any error as { reason, message }, which can be posted: where memory is short, a RangeError is what comes.
export function told(error) {
  const known = error instanceof Trouble ? error : error instanceof RangeError ? new Trouble("memory") : new Trouble("worker", error?.message);
  return { reason: known.reason, message: known.message };
}

// The same as an error again.
export const untold = ({ reason, message }) => Object.assign(new Error(message), { name: "Trouble", reason });
