import type { ComponentType } from "preact";

/** A page and its address below `/console`; what stands behind a colon in the pattern is handed to the page. */
export interface Route {
  readonly pattern: string;
  // Each page has its own values, and gets those that its pattern names.
  readonly page: ComponentType<Record<string, string>>;
  /** For administrators alone; the API refuses everybody else. */
  readonly isForAdmins?: true;
}

export function route<P extends Record<string, string>>(
  pattern: string,
  page: ComponentType<P>,
  options: { readonly isForAdmins?: true } = {},
): Route {
  return { pattern, page: page as unknown as ComponentType<Record<string, string>>, ...options };
}
