/** Styles are imported for the bundle to find them; they hold nothing for the program. */
declare module "*.css";
