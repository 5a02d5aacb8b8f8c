// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the system has it, unless someone chose. public/theme.js does the same before the
// first paint.
export type Theme = "system" | "dark" | "light";

const key = "endreason.theme";
export const themeWord: { [theme in Theme]: string } = { system: "as the system", dark: "dark", light: "light" };

export function readTheme(): Theme {
  const set = document.documentElement.dataset.theme;
  return set === "dark" || set === "light" ? set : "system";
}

export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // The choice then lasts as long as the page.
  }
}

export const nextTheme = (theme: Theme): Theme => (theme === "system" ? "dark" : theme === "dark" ? "light" : "system");
