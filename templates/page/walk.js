"use strict";
(function () {
  const root = document.documentElement;
  const steps = Array.from(document.querySelectorAll(".step"));
  const links = Array.from(document.querySelectorAll(".contents a"));
  const slider = document.getElementById("slider");
  const where = document.getElementById("where");
  const told = document.getElementById("told");
  const previous = document.getElementById("previous");
  const next = document.getElementById("next");
  let now = 0;

  function asked() {
    const n = parseInt(location.hash.slice(1), 10);
    return n >= 1 && n <= steps.length ? n : 1;
  }

  function show(n, say) {
    now = Math.min(Math.max(n, 1), steps.length);
    steps.forEach((step, i) => step.classList.toggle("current", i + 1 === now));
    links.forEach((link, i) => {
      if (i + 1 === now) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    slider.value = now;
    slider.setAttribute("aria-valuetext", WORDS.step.replace("{n}", now) + " " + WORDS.of);
    where.textContent = now + " / " + steps.length;
    previous.disabled = now === 1;
    next.disabled = now === steps.length;
    for (const picture of steps[now - 1].querySelectorAll(".scroll svg[data-x]")) {
      const box = picture.parentElement;
      const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
      box.scrollLeft = Math.max(0, picture.dataset.x * scale - box.clientWidth / 2);
      box.scrollTop = Math.max(0, picture.dataset.y * scale - box.clientHeight / 2);
    }
    if (say) {
      const heading = steps[now - 1].querySelector("h2").textContent.trim();
      told.textContent = WORDS.step.replace("{n}", now) + " " + WORDS.of + ": " + heading;
    }
  }

  function go(n) {
    n = Math.min(Math.max(n, 1), steps.length);
    if (n === now) return;
    // The address follows, so that what one sees can be linked; `back` goes a step back.
    history.pushState(null, "", "#" + n);
    show(n, true);
    if (window.scrollY > steps[now - 1].offsetTop) steps[now - 1].scrollIntoView();
  }

  async function copy(button) {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch (error) {
      // Without the permission, or from a page that the browser does not trust: the old way.
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "unseen";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = WORDS.copied;
    told.textContent = WORDS.copied + ": " + text;
    setTimeout(() => { button.textContent = WORDS.copy; }, 1500);
  }

  function dark() {
    const set = root.dataset.theme;
    return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function theme(name) { root.dataset.theme = name; }

  document.getElementById("theme").addEventListener("click", () => theme(dark() ? "light" : "dark"));
  previous.addEventListener("click", () => go(now - 1));
  next.addEventListener("click", () => go(now + 1));
  slider.addEventListener("input", () => go(Number(slider.value)));
  document.querySelectorAll(".copy").forEach((b) => b.addEventListener("click", () => copy(b)));
  addEventListener("hashchange", () => show(asked(), true));
  addEventListener("popstate", () => show(asked(), true));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const on = event.target;
    // A slider has its own arrow keys, and so has what can be scrolled sideways.
    if (on === slider) return;
    const wide = on.scrollWidth > on.clientWidth + 1 && on.tabIndex === 0;
    const keys = {
      ArrowLeft: () => wide || go(now - 1), ArrowRight: () => wide || go(now + 1),
      Home: () => go(1), End: () => go(steps.length),
      c: () => copy(steps[now - 1].querySelector(".copy")),
      d: () => theme(dark() ? "light" : "dark"),
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!(key in keys) || event.shiftKey) return;
    if (!(wide && key.startsWith("Arrow"))) event.preventDefault();
    keys[key]();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
    theme(event.matches ? "dark" : "light");
  });

  // A browser goes to the step of the address by itself, and hides the title; all fits without.
  addEventListener("load", () => scrollTo(0, 0));
  theme(dark() ? "dark" : "light");
  root.classList.add("js");
  show(asked(), false);
}());
