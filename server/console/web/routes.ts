/** Every page of the console. */
import type { Route } from "./core/route.ts";
import { adminRoutes } from "./pages/admin/routes.ts";
import { appRoutes } from "./pages/apps/routes.ts";
import { peopleRoutes } from "./pages/people/routes.ts";

export const routes: readonly Route[] = [...adminRoutes, ...appRoutes, ...peopleRoutes];
