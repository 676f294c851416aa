/* The keys, countdowns that count and times that stay right. Every page works without. */
(() => {
  "use strict";
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const stated = document.querySelector('meta[name="daybook-now"]');
  const skew = stated ? Date.parse(stated.content) - Date.now() : 0;
  const now = () => Date.now() + skew;
  const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

  /* How far away, by the site's calendar and within a day by the clock, as the server says it. */
  const calendars = {};
  const dayAt = (at, zone) => {
    calendars[zone] ??= new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
    return Date.parse(calendars[zone].format(at)) / DAY;
  };
  const inWords = (count, unit) => {
    if (!count) return "now";
    const words = `${Math.abs(count)} ${unit}${Math.abs(count) === 1 ? "" : "s"}`;
    return count > 0 ? `in ${words}` : `${words} ago`;
  };
  const away = (at, zone) => {
    const minutes = Math.round((at - now()) / MINUTE);
    if (Math.abs(minutes) < 60) return inWords(minutes, "minute");
    const days = dayAt(at, zone) - dayAt(now(), zone);
    return days && Math.abs(minutes) >= 24 * 60 ? inWords(days, "day") : inWords(Math.round(minutes / 60), "hour");
  };
  const dayAway = (day, zone) => {
    const days = Date.parse(day) / DAY - dayAt(now(), zone);
    return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] || inWords(days, "day");
  };
  const left = (span) => {
    if (span < MINUTE) return span > 0 ? `${Math.floor(span / 1000)} s` : "now";
    const parts = [[Math.floor(span / DAY), "d"], [Math.floor((span % DAY) / HOUR), "h"], [Math.floor((span % HOUR) / MINUTE), "min"]];
    return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
  };
  const write = (node, words) => { if (node.textContent !== words) node.textContent = words; };
  const tick = () => {
    for (const node of all("[data-away]")) write(node, away(Date.parse(node.dateTime), node.dataset.zone));
    for (const node of all("[data-day]")) write(node, dayAway(node.dateTime, node.dataset.zone));
    for (const node of all("[data-countdown]")) write(node, left(Date.parse(node.dateTime) - now()));
  };
  tick();
  setInterval(tick, 1000);

  /* The row that the keys are on; it stays the same one when the list changes under it. */
  let on = "";
  const rows = () => all("[data-row]");
  const select = (row) => {
    for (const one of all('[data-row][aria-current="true"]')) one.removeAttribute("aria-current");
    if (!row) return;
    on = row.id;
    row.setAttribute("aria-current", "true");
    const link = row.querySelector("[data-act]") || row.querySelector("a");
    if (link) link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const move = (by) => {
    const list = rows(), at = list.findIndex((row) => row.id === on);
    if (list.length) select(list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + by))]);
  };
  const open = () => {
    const row = document.getElementById(on), link = row && row.querySelector("a");
    if (link) link.click();
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && row.id !== on) {
      for (const one of all('[data-row][aria-current="true"]')) one.removeAttribute("aria-current");
      on = row.id;
      row.setAttribute("aria-current", "true");
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    tick();
    const row = on && document.getElementById(on);
    if (row) row.setAttribute("aria-current", "true");
  });

  const keys = document.getElementById("keys");
  /* Who dictates, or presses keys by mistake, turns off those of one character; the browser remembers it. */
  const single = document.getElementById("single-keys"), KEPT = "daybook-single-keys";
  single.checked = localStorage.getItem(KEPT) !== "off";
  single.addEventListener("change", () => localStorage.setItem(KEPT, single.checked ? "on" : "off"));
  for (const button of all("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => keys.showModal());
  }
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  for (const slider of all("[data-scrub]")) {
    slider.addEventListener("input", () => { for (const one of all("[data-scrubbed]")) write(one, slider.value); });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (!single.checked) return;
    const filter = document.querySelector("[data-filter]");
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "o") open();
    else if (event.key === "/" && filter) { event.preventDefault(); filter.focus(); filter.select(); }
    else if (event.key === "?") { event.preventDefault(); keys.showModal(); }
  });
})();
