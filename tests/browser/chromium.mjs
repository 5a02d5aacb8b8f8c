// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, without what it would ask of the network by itself.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));

export function launchChromium() {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox", // root has no namespace of its own in containers
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
