import type { Paint } from "../document/node.ts";
import type { Picture, StoredDocument } from "../messages.ts";

/** What is kept in this browser: the document and its pictures in IndexedDB, clientStorage in localStorage. */

const databaseName = "backdrop-playground";
/** Raised when a stored document can no longer be read. */
const documentVersion = 1;
const storagePrefix = "clientStorage/";

export interface KeptDocument {
  readonly document: StoredDocument;
  readonly pictures: readonly Picture[];
}

/** Pictures that no layer shows any more are forgotten: nothing can be undone across openings. */
export async function loadDocument(): Promise<KeptDocument | null> {
  const database = await openDatabase();
  const kept = await request<{ version: number; document: StoredDocument } | undefined>(
    database.transaction("documents").objectStore("documents").get("current"),
  );
  if (kept?.version !== documentVersion) return null;
  const { document } = kept;
  const store = database.transaction("pictures", "readwrite").objectStore("pictures");
  const all = await request<Picture[]>(store.getAll());
  const shown = new Set(Object.values(document.tree.nodes).flatMap(({ fills }) => fills.flatMap(hashOf)));
  for (const { hash } of all) if (!shown.has(hash)) store.delete(hash);
  return { document, pictures: all.filter(({ hash }) => shown.has(hash)) };
}

/** Where the browser keeps nothing, as in some private windows, the document lasts as long as the page. */
export async function saveDocument(document: StoredDocument): Promise<void> {
  await put("documents", { version: documentVersion, document }, "current").catch(() => {});
}

export async function savePicture(picture: Picture): Promise<void> {
  await put("pictures", picture).catch(() => {});
}

/** The document and its pictures are forgotten; what plugins keep is not. */
export async function forgetDocument(): Promise<void> {
  const database = await openDatabase();
  const transaction = database.transaction(["documents", "pictures"], "readwrite");
  await request(transaction.objectStore("documents").clear());
  await request(transaction.objectStore("pictures").clear());
}

/** clientStorage as it was left. The panel needs to know where the server is: at this page's own port, unless told otherwise. */
export function loadStorage(portOfPage: number): Readonly<Record<string, unknown>> {
  const stored: Record<string, unknown> = { port: portOfPage };
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(storagePrefix)) continue;
    stored[key.slice(storagePrefix.length)] = JSON.parse(localStorage.getItem(key) ?? "null");
  }
  return stored;
}

/** undefined forgets the key */
export function saveStorage(key: string, value: unknown): void {
  if (value === undefined) localStorage.removeItem(storagePrefix + key);
  else localStorage.setItem(storagePrefix + key, JSON.stringify(value));
}

function hashOf(paint: Paint): readonly string[] {
  return paint.type === "IMAGE" && paint.imageHash !== null ? [paint.imageHash] : [];
}

async function put(store: "documents" | "pictures", value: unknown, key?: string): Promise<void> {
  const database = await openDatabase();
  await request(database.transaction(store, "readwrite").objectStore(store).put(value, key));
}

async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(databaseName, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("documents");
    opening.result.createObjectStore("pictures", { keyPath: "hash" });
  };
  return await request(opening);
}

async function request<Value>(pending: IDBRequest<Value>): Promise<Value> {
  return await new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result);
    pending.onerror = () => reject(pending.error);
  });
}
