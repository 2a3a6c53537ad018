/** What both apps must agree on. */
export const prices = new Map([
  ['apple', 30],
  ['pear', 45],
]);
