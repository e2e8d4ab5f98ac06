/** Where on the phone the person is. */
export type Place =
  | { readonly name: "home" }
  | { readonly name: "portal" }
  | { readonly name: "store" }
  | { readonly name: "settings" }
  | { readonly name: "app"; readonly bundleId: string };
