/** Addresses of the console: which page is shown, and how one gets to another without loading anew. */
import { useEffect, useState } from "preact/hooks";

export const base = "/console";

const listeners = new Set<() => void>();

export interface Place {
  /** Below `/console`, with a slash at its beginning. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export function currentPlace(): Place {
  const path = location.pathname.slice(base.length).replace(/\/+$/, "");
  return { path: path === "" ? "/" : path, query: new URLSearchParams(location.search) };
}

export function href(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  const search = new URLSearchParams(given).toString();
  return `${base}${path === "/" ? "" : path}${search === "" ? "" : `?${search}`}`;
}

/** `replace`: going back leads past the present place. */
export function navigate(address: string, { replace = false } = {}): void {
  if (address === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", address);
  else {
    history.pushState(null, "", address);
    scrollTo(0, 0);
  }
  for (const listener of [...listeners]) listener();
}

function isCurrent({ path, query }: Place): boolean {
  const now = currentPlace();
  return path === now.path && query.toString() === now.query.toString();
}

export function usePlace(): Place {
  const [place, setPlace] = useState(currentPlace);
  useEffect(() => {
    const look = () => setPlace((before) => (isCurrent(before) ? before : currentPlace()));
    listeners.add(look);
    addEventListener("popstate", look);
    // It may have changed between the rendering and now.
    look();
    return () => {
      listeners.delete(look);
      removeEventListener("popstate", look);
    };
  }, []);
  return place;
}

/** A value kept in the address, so that a filtered list can be handed on; the empty string is left out. */
export function useQueryValue(name: string): [string, (value: string) => void] {
  const { path, query } = usePlace();
  const set = (value: string) => {
    const next = Object.fromEntries(currentPlace().query);
    navigate(href(path, { ...next, [name]: value }), { replace: true });
  };
  return [query.get(name) ?? "", set];
}

/** The values of a pattern such as `/devices/:udid`; undefined when the path is another. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) {
      try {
        values[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return undefined;
      }
    } else if (part !== value) return undefined;
  }
  return values;
}

/** Follows links within the console without loading the page anew. */
export function followLinks(): void {
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin)
      return;
    if (link.pathname !== base && !link.pathname.startsWith(`${base}/`)) return;
    if (link.hash !== "") return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
