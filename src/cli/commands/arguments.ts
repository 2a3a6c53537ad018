/** What the help says of `<app...>`. */
export const appsArgument = 'names of apps or namespaces, "all", "/regex/"';
export const instancesArgument = `${appsArgument}, or single instances such as web.1`;
