"use strict";
(() => {
  const root = document.documentElement, main = document.getElementById("pairs");
  const control = (id) => document.getElementById(id);
  const left = control("left"), right = control("right"), together = control("together");
  const figures = [...main.querySelectorAll("figure")];
  const LARGEST = 32, STEP = 1.25, GRIP = 24; // times; times; pixels from the edge at which a drag takes it
  const state = { zoom: 1, x: 0, y: 0 }; // a point p of the pictures, 0 to 1, is shown at x + zoom * p
  const within = (value, low, high) => Math.min(high, Math.max(low, value));
  const text = (select) => select.options[select.selectedIndex].text;
  const slider = (figure) => figure.querySelector(".slider");

  function split(figure, value) {
    for (const one of together.checked ? figures : [figure]) {
      const range = slider(one);
      range.value = value;
      one.style.setProperty("--split", range.value);
      const share = Math.round(range.value);
      range.setAttribute("aria-valuetext", `${share} % ${text(left)}, ${100 - share} % ${text(right)}`);
    }
  }

  function choose() {
    for (const figure of figures) {
      figure.querySelectorAll(".half").forEach((half, number) => {
        half.classList.toggle("left", number === left.selectedIndex);
        half.classList.toggle("right", number === right.selectedIndex);
        half.setAttribute("aria-hidden", String(number !== left.selectedIndex && number !== right.selectedIndex));
      });
      figure.querySelector(".of-left").textContent = text(left);
      figure.querySelector(".of-right").textContent = text(right);
    }
    const wasTogether = together.checked;
    together.checked = false;
    figures.forEach((figure) => split(figure, slider(figure).value));
    together.checked = wasTogether;
  }

  function look(zoom, x, y) {
    state.zoom = within(zoom, 1, LARGEST);
    state.x = within(x, 1 - state.zoom, 0);
    state.y = within(y, 1 - state.zoom, 0);
    for (const [name, value] of Object.entries(state)) root.style.setProperty(`--${name}`, value);
    root.classList.toggle("zoomed", state.zoom > 1);
    root.classList.toggle("pixels", state.zoom >= 4);
    control("zoom").textContent = `${Math.round(state.zoom * 100) / 100}×`;
  }

  function zoomBy(times, across = 0.5, down = 0.5) { // the point shown there stays there
    const zoom = within(state.zoom * times, 1, LARGEST), share = zoom / state.zoom;
    look(zoom, across - (across - state.x) * share, down - (down - state.y) * share);
  }

  const fit = () => look(1, 0, 0);

  function sort() {
    const order = control("order").value;
    const rank = (figure) => Number(figure.dataset.rank);
    const sorted = [...figures].sort((a, b) =>
      order === "name" ? a.dataset.name.localeCompare(b.dataset.name, "en", { numeric: true }) || rank(a) - rank(b)
        : order === "least" ? rank(b) - rank(a) : rank(a) - rank(b));
    main.append(...sorted);
  }

  function step(figure, by) {
    const shown = [...main.children], next = shown[shown.indexOf(figure) + by];
    if (next) {
      slider(next).focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    }
  }

  const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  function key(event) {
    const figure = event.target.closest("figure");
    if (!figure || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && PAN[event.key]) {
      const [across, down] = PAN[event.key];
      look(state.zoom, state.x + across / 10, state.y + down / 10);
    } else if (event.key === "a") split(figure, 100);
    else if (event.key === "b") split(figure, 0);
    else if (event.key === "x") split(figure, slider(figure).value > 50 ? 0 : 100);
    else if (event.key === "n") step(figure, 1);
    else if (event.key === "p") step(figure, -1);
    else if (event.key === "+" || event.key === "=") zoomBy(STEP);
    else if (event.key === "-") zoomBy(1 / STEP);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  }

  function drag(view, event) {
    if (event.button !== 0) return;
    const figure = view.closest("figure"), box = view.getBoundingClientRect();
    const edge = box.left + (box.width * slider(figure).value) / 100;
    const pans = state.zoom > 1 && Math.abs(event.clientX - edge) > GRIP;
    let last = event;
    const move = (now) => {
      if (pans) {
        const across = (now.clientX - last.clientX) / box.width, down = (now.clientY - last.clientY) / box.height;
        look(state.zoom, state.x + across, state.y + down);
      } else split(figure, ((now.clientX - box.left) / box.width) * 100);
      last = now;
    };
    const end = () => view.removeEventListener("pointermove", move);
    view.setPointerCapture(event.pointerId);
    view.addEventListener("pointermove", move);
    view.addEventListener("pointerup", end, { once: true });
    view.addEventListener("pointercancel", end, { once: true });
    if (!pans) move(event);
    slider(figure).focus({ preventScroll: true });
    event.preventDefault();
  }

  function wheel(view, event) {
    if (!event.ctrlKey) return;
    const box = view.getBoundingClientRect();
    zoomBy(event.deltaY < 0 ? STEP : 1 / STEP, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    event.preventDefault();
  }

  function theme() {
    const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  }

  for (const figure of figures) {
    const view = figure.querySelector(".view");
    slider(figure).addEventListener("input", (event) => split(figure, event.target.value));
    view.addEventListener("pointerdown", (event) => drag(view, event));
    view.addEventListener("wheel", (event) => wheel(view, event), { passive: false });
  }
  main.addEventListener("keydown", key);
  left.addEventListener("change", choose);
  right.addEventListener("change", choose);
  control("order").addEventListener("change", sort);
  control("in").addEventListener("click", () => zoomBy(STEP));
  control("out").addEventListener("click", () => zoomBy(1 / STEP));
  control("fit").addEventListener("click", fit);
  control("theme").addEventListener("click", theme);
  left.selectedIndex = 0;
  right.selectedIndex = 1;
  control("order").value = "most";
  together.checked = false;
  figures.forEach((figure) => { slider(figure).value = 50; }); // a browser may keep them over a reload
  root.classList.add("js");
  fit();
  choose();
})();
