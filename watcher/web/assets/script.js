"use strict";
// Everything works without this script. It adds keys, and says when there is news.
(() => {
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const store = (name, text) => { try { localStorage.setItem(name, text); } catch { /* private mode */ } };
  const stories = () => Array.from(document.querySelectorAll("[data-story]"));
  let current = -1;
  const select = (index) => {
    const all = stories();
    if (!all.length) return;
    current = Math.max(0, Math.min(all.length - 1, index));
    all.forEach((one, at) => one.classList.toggle("current", at === current));
    all[current].scrollIntoView({ block: "nearest" });
    all[current].querySelector("a")?.focus({ preventScroll: true });
  };
  const press = (key) => {
    const story = stories()[current] ?? (stories().length === 1 ? stories()[0] : null);
    story?.querySelector(`[data-key="${key}"]`)?.click();
  };
  const keys = {
    j: () => select(current + 1), k: () => select(current - 1),
    "/": () => document.getElementById("find")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || stored("keys") === "off") return;
    if (event.target instanceof Element && event.target.closest("input, textarea, select")) return;
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
    else if ("orxsl".includes(event.key)) press(event.key);
  });
  const switchKeys = document.getElementById("switch-keys");
  if (switchKeys) {
    const show = () => { switchKeys.textContent = stored("keys") === "off" ? switchKeys.dataset.on : switchKeys.dataset.off; };
    switchKeys.hidden = false;
    switchKeys.addEventListener("click", () => { store("keys", stored("keys") === "off" ? "on" : "off"); show(); });
    show();
  }
  const news = document.querySelector("[data-news]");
  if (!news) return;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(news.dataset.news, { cache: "no-cache" });
      if (!answer.ok) return;
      const { stories: count } = await answer.json();
      if (!count) return;
      const link = news.querySelector("a");
      link.textContent = count === 1 ? news.dataset.one : news.dataset.many.replace("#", count);
      news.hidden = false;
    } catch { /* the next time */ }
  };
  setInterval(ask, 60000);
  document.addEventListener("visibilitychange", ask);
})();
