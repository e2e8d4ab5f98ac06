/** People, their groups and their phones. */
import { route, type Route } from "../../core/route.ts";
import { DevicePage } from "./device-page.tsx";
import { DevicesPage } from "./devices-page.tsx";
import { EnrollmentPage } from "./enrollment-page.tsx";
import { GroupPage } from "./group-page.tsx";
import { GroupsPage } from "./groups-page.tsx";
import "./people.css";
import { UserPage } from "./user-page.tsx";
import { UsersPage } from "./users-page.tsx";

export const peopleRoutes: readonly Route[] = [
  route("/users", UsersPage),
  route("/users/:userId", UserPage),
  route("/groups", GroupsPage),
  route("/groups/:groupId", GroupPage),
  route("/devices", DevicesPage),
  route("/devices/:udid", DevicePage),
  route("/enrollment", EnrollmentPage),
];
