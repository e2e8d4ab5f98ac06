import type { Page } from "playwright-core";

/** A picture of a page of the console: where it is, and what is done there first. */
export interface Shot {
  readonly name: string;
  /** Below `/console`. */
  readonly path: string;
  act?(page: Page): Promise<void>;
}
