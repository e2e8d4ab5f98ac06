/** What the program tells as it happens. The browser comes back by itself when the connection was lost. */
import { useEffect, useRef, useState } from "preact/hooks";
import { root } from "./api.ts";

/** `closed`: the link is no longer good, or there is nothing to look at any more. */
export type Link = "opening" | "open" | "lost" | "closed";

const retryMs = 1_000;

/** Calls `take` for every message of that event, by the latest render. */
export function useStream<T>(path: string | undefined, event: string, take: (data: T) => void): Link {
  const [link, setLink] = useState<Link>("opening");
  const taker = useRef(take);
  taker.current = take;
  useEffect(() => {
    if (path === undefined) return undefined;
    let source: EventSource | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = (): void => {
      source = new EventSource(`${root}${path}`);
      source.addEventListener("open", () => setLink("open"));
      source.addEventListener(event, ({ data }) => taker.current(JSON.parse(String(data)) as T));
      source.addEventListener("end", ({ data }) => {
        if ((JSON.parse(String(data)) as { reason: string }).reason === "gone") finish("closed");
        else later();
      });
      source.addEventListener("error", later);
    };
    const finish = (last: Link): void => {
      source?.close();
      setLink(last);
    };
    const later = (): void => {
      finish("lost");
      clearTimeout(retry);
      retry = setTimeout(() => void again(), retryMs);
    };
    /** An EventSource doesn't tell a refusal from silence. */
    const again = async (): Promise<void> => {
      try {
        const { status } = await fetch(root, { credentials: "same-origin" });
        if (status === 401) return finish("closed");
        open();
      } catch {
        later();
      }
    };
    open();
    return () => {
      clearTimeout(retry);
      source?.close();
    };
  }, [path, event]);
  return link;
}
