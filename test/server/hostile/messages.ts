/** What phones say, one of each kind: right, so that tests can make it wrong. */
import type { PlistDictionary } from "../../../shared/plist.ts";
import { udidOf } from "../test-server.ts";

export const hostileUdid = udidOf(1);
const about = { UDID: hostileUdid };
const topic = "com.apple.mgmt.test";

export const messages = {
  authenticate: {
    MessageType: "Authenticate",
    Topic: topic,
    ...about,
    OSVersion: "9.3.2",
    BuildVersion: "13F69",
    ProductName: "iPhone8,1",
    SerialNumber: `SN-${hostileUdid}`,
    DeviceName: "Ada’s iPhone",
  },
  tokenUpdate: {
    MessageType: "TokenUpdate",
    Topic: topic,
    ...about,
    Token: Buffer.alloc(32, 7),
    PushMagic: "9E0B2A6E-8F1B-4B06-9B4E-6C5A3B1D2F00",
    AwaitingConfiguration: false,
  },
  checkOut: { MessageType: "CheckOut", Topic: topic, ...about },
  idle: { Status: "Idle", ...about },
  acknowledged: {
    Status: "Acknowledged",
    ...about,
    CommandUUID: "C0FFEE00-0000-4000-8000-000000000001",
    ManagedApplicationList: {
      "com.apple.Pages": { Status: "Managed", ManagementFlags: 1, HasConfiguration: false },
      "com.apple.Keynote": { Status: "PromptingForLogin", ManagementFlags: 0, UnusedRedemptionCode: "X" },
    },
  },
  information: {
    Status: "Acknowledged",
    ...about,
    CommandUUID: "C0FFEE00-0000-4000-8000-000000000002",
    QueryResponses: {
      DeviceName: "x",
      AvailableDeviceCapacity: 12.5,
      IsSupervised: true,
      ModelName: "iPhone",
    },
  },
  failed: {
    Status: "Error",
    ...about,
    CommandUUID: "C0FFEE00-0000-4000-8000-000000000003",
    ErrorChain: [
      {
        ErrorCode: 12021,
        ErrorDomain: "MCMDMErrorDomain",
        LocalizedDescription: "Ungültig",
        USEnglishDescription: "Invalid",
      },
    ],
  },
  notNow: { Status: "NotNow", ...about, CommandUUID: "C0FFEE00-0000-4000-8000-000000000004" },
  portalApps: { MessageType: "PortalApps", ...about, RequestID: "r1" },
  portalInstall: { MessageType: "PortalInstall", ...about, RequestID: "r2", AdamID: "361309726" },
  proof: { MessageType: "Proof", Certificate: Buffer.alloc(800, 0x30), Signature: Buffer.alloc(256, 1) },
} as const satisfies Record<string, PlistDictionary>;
