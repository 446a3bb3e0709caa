// The service worker: keeps the files of one build, and answers from them.
// The page itself is asked for anew, so that the next build is seen.

/// <reference lib="webworker" />

declare const FILES: string[];
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const NAME = `agentic-lib-site-${VERSION}`;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES))
    .then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("agentic-lib-site-") && name !== NAME) {
        await caches.delete(name);
      }
    }
    await worker.clients.claim();
  })());
});

worker.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith(event.request.mode === "navigate"
    ? fetch(event.request).catch(() => kept("./"))
    : kept(event.request).then((found) => found.ok ? found
      : fetch(event.request)));
});

/** A kept file, or an answer that is not ok. */
async function kept(request: RequestInfo): Promise<Response> {
  const cache = await caches.open(NAME);
  return await cache.match(request, { ignoreSearch: true }) ??
    Response.error();
}
