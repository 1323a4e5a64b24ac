declare module "*.css" {
  const text: string;
  export default text;
}

/** Parts of the files of texts; static/words.mjs says which. */
declare module "*.json?early" {
  const words: Record<string, string>;
  export default words;
}
declare module "*.json?late" {
  const words: Record<string, string>;
  export default words;
}
declare module "*.json?seat" {
  const words: Record<string, string>;
  export default words;
}
declare module "*.json?wall" {
  const words: Record<string, string>;
  export default words;
}
