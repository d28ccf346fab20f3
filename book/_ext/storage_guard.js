(() => {
  const temporary = (kept = new Map()) => ({
    temporary: true,
    get length() { return kept.size; },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (name) => kept.get(String(name)) ?? null,
    setItem: (name, value) => void kept.set(String(name), String(value)),
    removeItem: (name) => void kept.delete(String(name)),
    clear: () => kept.clear(),
  });
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem(""); // throws where storage is blocked, and where there is none
    } catch {
      Object.defineProperty(window, name, { value: temporary(), configurable: true });
    }
  }
  if (!window.Storage) return;
  const { getItem, setItem, removeItem } = Storage.prototype, refused = new Map();
  Object.assign(Storage.prototype, {
    getItem(name) { return refused.get(String(name)) ?? getItem.call(this, name); },
    removeItem(name) { refused.delete(String(name)); removeItem.call(this, name); },
    setItem(name, value) {
      refused.delete(String(name));
      try {
        setItem.call(this, name, value);
      } catch {
        refused.set(String(name), String(value));
        return false; // full
      }
    },
  });
})();
