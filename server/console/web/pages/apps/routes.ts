/** Volume-purchased apps, what is to become of them, and what became of them. */
import { route, type Route } from "../../core/route.ts";
import { ActPage } from "./act-page.tsx";
import { AppPage } from "./app-page.tsx";
import "./apps.css";
import { AppsPage } from "./apps-page.tsx";
import { DeploymentsPage } from "./deployments-page.tsx";
import { InstallationPage } from "./installation-page.tsx";
import { InstallationsPage } from "./installations-page.tsx";
import { LedgerPage } from "./ledger-page.tsx";
import { LicensesPage } from "./licenses-page.tsx";

export const appRoutes: readonly Route[] = [
  route("/apps", AppsPage),
  route("/apps/:adamId", AppPage),
  route("/deployments", DeploymentsPage),
  route("/installations", InstallationsPage),
  route("/installations/:installationId", InstallationPage),
  route("/licenses", LicensesPage),
  route("/licenses/acts/:actId", ActPage),
  route("/ledger", LedgerPage),
];
