/** The dashboard, the volume-purchase account, and what concerns the server itself. */
import { route, type Route } from "../../core/route.ts";
import { KeysPage } from "./keys-page.tsx";
import { VppPage } from "./vpp-page.tsx";

export const adminRoutes: readonly Route[] = [
  route("/vpp", VppPage),
  route("/keys", KeysPage, { isForAdmins: true }),
];
