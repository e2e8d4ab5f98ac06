"use strict";
// The page's own script: fills timelines when they are opened, follows causes, reads values off the plots. Everything from the data goes
// into the page as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const plistHead = "<?xml";
  const timelines = new Map(Object.entries(data.timelines));
  /** Where an event is told of, and what it led to, by its number. */
  const homes = new Map();
  const effects = new Map();
  for (const [name, events] of timelines) {
    for (const event of events) {
      homes.set(event.s, name);
      if (event.c !== undefined) effects.set(event.c, [...(effects.get(event.c) ?? []), event.s]);
    }
  }

  function element(tag, className, ...content) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...content);
    return made;
  }

  function span(ms) {
    if (ms < 1000) return `${ms} ms`;
    const parts = [];
    for (const [unit, size] of [
      ["d", 86400000],
      ["h", 3600000],
      ["m", 60000],
    ]) {
      if (ms >= size) parts.push(`${Math.floor(ms / size)}${unit}`);
      ms %= size;
    }
    return `${parts.join("")}${(ms / 1000).toFixed(parts.length > 1 ? 0 : 3)}s`;
  }

  function link(seq, words) {
    if (!homes.has(seq)) {
      const missing = element("span", "", words);
      missing.title = "not in this page; the trace has it";
      return missing;
    }
    const made = element("a", "", words);
    made.href = `#e${seq}`;
    return made;
  }

  // Timelines.
  const words = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

  function inside(event) {
    const members = element("dl", "");
    const add = (name, ...value) => members.append(element("dt", "", name), element("dd", "", ...value));
    add("event", event.e);
    add("time", new Date(data.startMs + event.t).toISOString());
    for (const [name, value] of Object.entries(event.d)) add(name, words(value));
    const led = effects.get(event.s) ?? [];
    if (led.length > 0) {
      const links = led.slice(0, 20).flatMap((seq) => [link(seq, `#${seq}`), " "]);
      add("led to", ...links, led.length > 20 ? `and ${led.length - 20} more` : "");
    }
    const made = element("div", "inside", members);
    if (event.m) {
      const name = event.m.l === "plist" ? "Property list" : event.m.l === "json" ? "JSON" : "Bytes, base64";
      made.append(element("p", "note", `${name}, ${event.m.b} bytes${event.m.p ? `: ${event.m.p}` : ""}`));
      made.append(
        event.m.x === ""
          ? element("p", "note", `Left out to keep this page small: pippin trace plist FILE ${event.s}`)
          : element("pre", event.m.x.startsWith(plistHead) ? "plist" : "", event.m.x),
      );
    }
    return made;
  }

  function row(event) {
    const time = element("time", "", `+${span(event.t)}`);
    time.dateTime = new Date(data.startMs + event.t).toISOString();
    const summary = element(
      "summary",
      "",
      time,
      element("span", "words", event.w),
      element("span", "number", `#${event.s}`),
    );
    const details = element("details", "", summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(inside(event));
    });
    const links = element("div", "links");
    if (event.c !== undefined) links.append(link(event.c, `because of #${event.c}`));
    const made = element("li", `event k-${event.k}`, details, links);
    made.id = `e${event.s}`;
    return made;
  }

  function fill(timeline) {
    const list = timeline.querySelector(".events");
    if (list.children.length > 0) return;
    list.append(...(timelines.get(timeline.dataset.timeline) ?? []).map(row));
  }

  for (const timeline of document.querySelectorAll(".timeline")) {
    timeline.addEventListener("toggle", () => {
      if (timeline.open) fill(timeline);
    });
  }

  /** Opens what the address names: an event by its number, or a timeline. */
  function follow() {
    const id = decodeURIComponent(location.hash.slice(1));
    document.querySelector(".event.target")?.classList.remove("target");
    const [, seq] = /^e(\d+)$/.exec(id) ?? [];
    const home = seq === undefined ? undefined : homes.get(Number(seq));
    const timeline = document.getElementById(
      home === undefined ? id : home === "lab" ? "lab" : `phone-${home}`,
    );
    if (!timeline?.classList.contains("timeline")) return;
    timeline.classList.remove("hidden");
    fill(timeline);
    timeline.open = true;
    const event = document.getElementById(id);
    if (event?.classList.contains("k-message")) showMessages(true);
    event?.classList.add("target");
    if (event !== timeline) event?.querySelector("details").setAttribute("open", "");
    const shown = event ?? timeline;
    shown.scrollIntoView({ block: "center" });
    shown.querySelector("summary").focus({ preventScroll: true });
  }
  addEventListener("hashchange", follow);
  document.addEventListener("click", (click) => {
    const anchor = click.target.closest('a[href^="#"]');
    // The same address again changes nothing, and is still a wish.
    if (anchor && anchor.getAttribute("href") === location.hash) follow();
  });

  const messages = document.getElementById("messages");
  function showMessages(wanted) {
    if (!messages) return;
    messages.checked = wanted;
    document.body.classList.toggle("without-messages", !wanted);
  }
  messages?.addEventListener("change", () => showMessages(messages.checked));

  // Finding a timeline by anything that is said in it.
  const find = document.getElementById("find");
  find?.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    let count = 0;
    for (const timeline of document.querySelectorAll(".timeline")) {
      const head = timeline.querySelector("summary").textContent.toLowerCase();
      const name = timeline.dataset.timeline;
      const isFound =
        wanted === "" ||
        head.includes(wanted) ||
        name.includes(wanted) ||
        (timelines.get(name) ?? []).some(
          (event) =>
            `#${event.s}` === wanted ||
            event.w.toLowerCase().includes(wanted) ||
            event.e.toLowerCase().includes(wanted) ||
            JSON.stringify(event.d).toLowerCase().includes(wanted),
        );
      timeline.classList.toggle("hidden", !isFound);
      if (isFound) count += 1;
    }
    document.getElementById("found").textContent = wanted === "" ? "" : `${count} timelines`;
  });

  // Values of the plots.
  for (const plot of data.plots) {
    const figure = document.querySelector(`[data-plot="${CSS.escape(plot.id)}"]`);
    const reading = figure.querySelector(".reading");
    for (const chart of figure.querySelectorAll(".chart")) {
      const cursor = chart.querySelector(".cursor");
      const canvas = chart.querySelector(".canvas");
      const isClock = chart.dataset.scale === "clock";
      const place = (index) =>
        isClock ? plot.points[index][0] / (plot.spanMs || 1) : index / plot.points.length;
      let at = 0;
      const show = (index) => {
        at = Math.max(0, Math.min(plot.points.length - 1, index));
        const [ms, ...values] = plot.points[at];
        cursor.hidden = false;
        cursor.style.left = `${place(at) * 100}%`;
        reading.textContent = `+${span(ms)}: ${values.map((value, one) => `${plot.labels[one]} ${value}`).join(", ")}`;
      };
      const hide = () => {
        cursor.hidden = true;
        reading.textContent = "";
      };
      canvas.addEventListener("pointermove", (move) => {
        const box = canvas.getBoundingClientRect();
        const share = (move.clientX - box.left) / box.width;
        let index = plot.points.length - 1;
        while (index > 0 && place(index) > share) index -= 1;
        show(index);
      });
      canvas.addEventListener("pointerleave", hide);
      chart.addEventListener("blur", hide);
      chart.addEventListener("keydown", (key) => {
        const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
        const step = steps[key.key];
        if (step === undefined) return;
        key.preventDefault();
        show(cursor.hidden && Number.isFinite(step) ? at : at + step);
      });
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      } catch {
        // A page from a file may not be allowed to: then it can be selected.
        getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        button.textContent = "Selected";
      }
    });
  }

  follow();
})();
