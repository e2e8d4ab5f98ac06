/** The dashboard, the volume-purchase account, and what concerns the server itself. */
import { route, type Route } from "../../core/route.ts";
import { ActivityPage } from "./activity-page.tsx";
import { AuditPage } from "./audit-page.tsx";
import { DashboardPage } from "./dashboard-page.tsx";
import { KeysPage } from "./keys-page.tsx";
import { PoliciesPage } from "./policies-page.tsx";
import { SessionsPage } from "./sessions-page.tsx";
import { VppPage } from "./vpp-page.tsx";

export const adminRoutes: readonly Route[] = [
  route("/", DashboardPage),
  route("/vpp", VppPage),
  route("/activity", ActivityPage),
  route("/policies", PoliciesPage),
  route("/sessions", SessionsPage),
  route("/audit", AuditPage, { isForAdmins: true }),
  route("/keys", KeysPage, { isForAdmins: true }),
];
