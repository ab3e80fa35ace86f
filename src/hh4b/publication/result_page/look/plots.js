"use strict";
// Plots that the reader moves: templates against kappa_lambda, working points, likelihoods.
const numbers = (name) => JSON.parse(document.getElementById(`data-${name}`).textContent);

const plot = (name, build) => {
  const article = document.getElementById(`explore-${name}`);
  const data = numbers(name);
  if (!article || !data.length) return;
  article.hidden = false;
  const part = {
    data,
    box: article.querySelector(".chart"),
    slider: article.querySelector("input[type=range]"),
    output: article.querySelector("output"),
    readout: article.querySelector(".readout"),
    select: (id) => article.querySelector(`#${name}-${id}`),
    fill: (list, chosen = 0) => {
      data.forEach((one, index) => list.append(new Option(one.label, index)));
      list.value = String(Math.min(chosen, data.length - 1));
      return list;
    },
  };
  const { update, start } = build(part);
  const redraw = () => update();
  for (const input of article.querySelectorAll("input, select")) {
    input.addEventListener("input", () => {
      if (input.tagName === "SELECT") start(false);
      redraw();
    });
  }
  start(true);
  redraw();
  let width = part.box.clientWidth;
  new ResizeObserver(() => {
    if (part.box.clientWidth !== width) { width = part.box.clientWidth; redraw(); }
  }).observe(part.box);
};
const say = (part, text, spoken) => {
  part.output.textContent = text;
  part.slider.setAttribute("aria-valuetext", spoken || text);
};
const range = (slider, low, high, step, value) => {
  Object.assign(slider, { min: low, max: high, step });
  slider.value = value;
};

plot("shapes", (part) => {
  const chosen = part.fill(part.select("selection")), scale = part.select("scale");
  const start = (first) => {
    const signal = part.data[chosen.value].signal;
    const sm = Math.max(signal.findIndex((one) => one.kappa === 1), 0);
    range(part.slider, 0, signal.length - 1, 1, first ? sm : Math.min(part.slider.value, signal.length - 1));
  };
  const update = () => {
    const one = part.data[chosen.value], signal = one.signal[part.slider.value];
    const events = scale.value === "events";
    const sum = (counts) => counts.reduce((a, b) => a + b, 0);
    const histogram = (name, style, { counts, errors }) => {
      const unit = events ? 1 : 1 / (sum(counts) || 1);
      const points = counts.flatMap((n, i) => [[one.edges[i], n * unit], [one.edges[i + 1], n * unit]]);
      const bars = counts.map((n, i) => ({
        style, x: (one.edges[i] + one.edges[i + 1]) / 2, y: n * unit, error: errors[i] * unit,
      }));
      return { line: { name, style, points }, bars, top: Math.max(...counts) * unit };
    };
    const kappa = shown(signal.kappa);
    const parts = [
      histogram(`signal, κλ = ${kappa}`, "first", signal),
      histogram("background", "second", one.background),
    ];
    const top = Math.max(...parts.map((p) => p.top));
    draw(part.box, {
      x: { low: one.edges[0], high: one.edges.at(-1), label: "m_HH [GeV]" },
      y: events ? { low: 0.01, high: 5 * top, log: true, label: "events per bin" }
        : { low: 0, high: 1.15 * Math.max(top, 0.35), label: "share per bin" },
      lines: parts.map((p) => p.line),
      bars: parts.flatMap((p) => p.bars),
    });
    say(part, kappa, `κλ = ${kappa}`);
    const s = sum(signal.counts), b = sum(one.background.counts);
    part.readout.textContent = `σ(gg → HH) ${shown(signal.section)} fb; ${shown(s)} signal and ${shown(b)}`
      + ` background events expected at ${shown(one.energy)} TeV and ${shown(one.luminosity)} fb⁻¹;`
      + ` S/√B ${shown(s / Math.sqrt(b), 2)}.`;
  };
  return { start, update };
});

plot("points", (part) => {
  const chosen = part.fill(part.select("selection"));
  const nearest = (one) => one.threshold.reduce(
    (best, v, i) => (Math.abs(v - one.chosen) < Math.abs(one.threshold[best] - one.chosen) ? i : best), 0);
  const start = () => {
    const one = part.data[chosen.value];
    range(part.slider, 0, one.threshold.length - 1, 1, nearest(one));
  };
  const update = () => {
    const one = part.data[chosen.value], index = Number(part.slider.value), home = nearest(one);
    const rejection = one.background.map((v) => (v > 0 ? 1 / v : null));
    const known = rejection.filter((v, i) => v !== null && one.signal[i] > 0.02);
    const points = one.signal.map((v, i) => [v, rejection[i]]);
    draw(part.box, {
      x: { low: 0, high: 1, label: "signal efficiency" },
      y: { low: 1, high: 2 * Math.max(...known), log: true, label: "1 / background efficiency" },
      lines: [{ name: one.label, style: "first", points }],
      guides: [{ x: one.signal[index] }],
      dots: [{ x: one.signal[home], y: rejection[home] }, { x: one.signal[index], y: rejection[index], now: true }],
    });
    const best = Math.max(...one.significance.filter((v, i) => one.allowed[i]));
    say(part, one.threshold[index].toFixed(2));
    const s = one.significance[index];
    part.readout.textContent = `${shown(100 * one.signal[index])} % of the signal and`
      + ` ${shown(100 * one.background[index])} % of the background pass;`
      + (s === null ? "" : ` S/√B is ${shown(s / best)} of its best;`)
      + ` ${shown(one.events[index])} effective background events`
      + `${one.allowed[index] ? "" : ", too few for a working point"}.`;
  };
  return { start, update };
});

plot("curves", (part) => {
  const lists = [part.fill(part.select("selection")), part.fill(part.select("other"), 1)];
  const start = (first) => { if (first) range(part.slider, -15, 20, 0.1, 1); };
  const at = (curve, kappa) => {
    // The polynomial through the four nearest points of the scan.
    const { kappa: x, value: y } = curve;
    if (kappa < x[0] || kappa > x.at(-1)) return null;
    const next = x.findIndex((v) => v >= kappa);
    const first = Math.min(Math.max(next - 2, 0), Math.max(x.length - 4, 0));
    const near = [0, 1, 2, 3].map((k) => first + k).filter((k) => k < x.length);
    if (near.some((k) => y[k] === null)) return null;
    const weight = (k) => near.filter((j) => j !== k).reduce((w, j) => (w * (kappa - x[j])) / (x[k] - x[j]), 1);
    return near.reduce((sum, k) => sum + y[k] * weight(k), 0);
  };
  const scan = Array.from({ length: 351 }, (_, i) => (i - 150) / 10);
  const update = () => {
    const shownCurves = lists.map((list) => part.data[list.value]);
    const kappa = Number(part.slider.value);
    draw(part.box, {
      x: { low: -15, high: 20, label: "κλ" },
      y: { low: 0, high: 12, label: "−2 Δ ln L" },
      lines: shownCurves.map((curve, i) => ({
        name: curve.label, style: i ? "second" : "first",
        points: scan.map((v) => [v, at(curve, v)]),
      })),
      guides: [{ y: shownCurves[0].threshold }, { x: kappa }],
    });
    say(part, shown(kappa), `κλ = ${shown(kappa)}`);
    part.readout.textContent = shownCurves.map((curve) => {
      const value = at(curve, kappa);
      if (value === null) return `${curve.label}: not scanned here`;
      const side = value > curve.threshold ? "excluded" : "allowed";
      return `${curve.label}: ${value.toFixed(2)}, ${side} at 95 %`;
    }).join("; ") + ".";
  };
  return { start, update };
});
