/** People, their groups and their phones. */
import type { Route } from "../../core/route.ts";

export const peopleRoutes: readonly Route[] = [];
