// SPDX-License-Identifier: Apache-2.0
// Before the first paint, so that a dark page does not flash white. The rest is src/theme.ts.
try {
  const theme = localStorage.getItem("endreason.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme holds.
}
