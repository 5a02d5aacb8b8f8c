// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vite";

// While working on the pages: `npx vite` here, beside a running `endreason serve`.
const server = process.env.ENDREASON_URL ?? "http://127.0.0.1:8088";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    emptyOutDir: true,
    assetsInlineLimit: 0, // everything is a file of its own: the policy forbids inline scripts
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": server, "/metrics": server, "/healthz": server } },
});
