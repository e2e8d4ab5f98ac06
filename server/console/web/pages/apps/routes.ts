/** Volume-purchased apps, what is to become of them, and what became of them. */
import type { Route } from "../../core/route.ts";

export const appRoutes: readonly Route[] = [];
