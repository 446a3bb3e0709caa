// site/src and site/generated -> site/dist, or with --tests the tests to
// site/.tests. Every file but index.html and sw.js bears a hash of its bytes
// in its name, so that it may be kept for ever.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const OUT = "dist";
const RUNTIME =
  "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm";
const read = (path) => readFileSync(new URL(path, import.meta.url));
const shared = {
  bundle: true, format: "esm", target: "es2022", legalComments: "none",
};

if (process.argv.includes("--tests")) {
  await build({
    ...shared, entryPoints: ["tests/*.test.ts"], outdir: ".tests",
    platform: "node", sourcemap: "inline", outExtension: { ".js": ".mjs" },
    packages: "external",
  });
  await build({
    ...shared, entryPoints: ["tests/in_browser.ts"], outdir: ".tests",
  });
} else {
  await site();
}

async function site() {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT);
  const tables = JSON.parse(read("generated/tables.json"));
  const files = [];
  const keep = (name, bytes) => {
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
    const [stem, ...ends] = name.split(".");
    const hashed = [`${stem}-${hash}`, ...ends].join(".");
    writeFileSync(`${OUT}/${hashed}`, bytes);
    files.push(hashed);
    return hashed;
  };
  // Large files travel packed whatever the server does; ".bin" keeps servers
  // from unpacking them by their name.
  const packed = (name, bytes) => keep(`${name}.bin`, bytes);
  const bundle = async (entry, assets = {}) => {
    const { outputFiles } = await build({
      ...shared, entryPoints: [`src/${entry}`], minify: true, write: false,
      define: { ASSETS: JSON.stringify(assets) },
    });
    return keep(entry.split("/").at(-1).replace(/\.ts$/, ".js"),
      outputFiles[0].contents);
  };
  const assets = {
    runtime: packed("runtime", gzipSync(read(RUNTIME), { level: 9 })),
    digits: packed("digits", read("generated/digits.json.gz")),
    run: packed("run", gzipSync(read("generated/run.json"), { level: 9 })),
    brains: Object.fromEntries(tables.brains.map((name) => [name, {
      network: packed(name, read(`generated/${name}.onnx.gz`)),
      file: packed(name, read(`generated/${name}.json.gz`)),
    }])),
  };
  assets.thinker = await bundle("brain/thinker.ts");
  assets.trainer = await bundle("game/trainer.ts");
  const script = await bundle("main.ts", assets);
  const style = keep("style.css", (await build({
    entryPoints: ["src/style.css"], minify: true, write: false,
  })).outputFiles[0].contents);
  const icon = keep("icon.svg", read("src/icon.svg"));
  const page = read("src/index.html").toString()
    .replaceAll(/\{\{(\w+)\}\}/g, (_, name) =>
      ({ script, style, icon, ...tables.links,
        version: tables.version })[name] ?? missing(name));
  writeFileSync(`${OUT}/index.html`, page);
  // The service worker changes with every file: its own cache's name is the
  // hash of all names and the page.
  const version = createHash("sha256").update(files.join() + page)
    .digest("hex").slice(0, 8);
  writeFileSync(`${OUT}/sw.js`, (await build({
    ...shared, entryPoints: ["src/sw.ts"], minify: true, write: false,
    format: "iife",
    define: { FILES: JSON.stringify(["./", ...files]),
      VERSION: JSON.stringify(version) },
  })).outputFiles[0].contents);
}

function missing(name) {
  throw new Error(`index.html asks for {{${name}}}, which there is not.`);
}
