// SPDX-License-Identifier: Apache-2.0
// What holds on every page: contrast, names of controls, no sideways scrolling. Each function runs in the
// page and gives back what is wrong, one line each.

// Texts whose colour is too near to their ground for WCAG AA.
export function lowContrast() {
  const parse = (text) => {
    const numbers = (text.match(/[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    // color-mix() computes to color(srgb 0.1 0.2 0.3).
    const rgb = text.startsWith("color(srgb") ? numbers.slice(0, 3).map((n) => n * 255) : numbers.slice(0, 3);
    return { rgb, alpha: numbers[3] ?? 1 };
  };
  const over = (top, ground) => ground.map((below, i) => below + (top.rgb[i] - below) * top.alpha);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(parse(getComputedStyle(at).backgroundColor));
    return layers.reduce((ground, layer) => (layer.alpha > 0 ? over(layer, ground) : ground), [255, 255, 255]);
  };
  const wrong = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    const style = getComputedStyle(element);
    if (!text || style.visibility === "hidden" || element.getClientRects().length === 0) continue;
    if (element.closest(":disabled, dialog:not([open]), noscript, svg")) continue;
    const ground = groundOf(element);
    const ink = over(parse(style.color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < least) wrong.add(`${ratio.toFixed(2)} "${text.slice(0, 30)}" ${element.className}`);
  }
  return [...wrong];
}

// Controls that a screen reader could not name.
export function namelessControls() {
  const wrong = [];
  for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=grid], [role=combobox]")) {
    if (element.closest("dialog:not([open])")) continue;
    const name = element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.[0]?.textContent.trim() || element.title;
    if (!name) wrong.push(element.outerHTML.slice(0, 100));
  }
  return wrong;
}

export function sidewaysOverflow() {
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over <= 0) return [];
  const widest = [...document.querySelectorAll("main *")].filter((element) => element.getBoundingClientRect().right > innerWidth + 1);
  return [`${over} pixels: ${widest.slice(0, 3).map((element) => element.className || element.tagName).join(", ")}`];
}

// Headings begin at 1 and leave no level out; there is one main and one nav.
export function outline() {
  const wrong = [];
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  if (document.querySelectorAll("nav").length !== 1) wrong.push("not one nav");
  let level = 0;
  for (const heading of document.querySelectorAll("main h1, main h2, main h3")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) wrong.push(`${heading.tagName} "${heading.textContent}" behind level ${level}`);
    level = next;
  }
  return wrong;
}
