/** The group of options (Commander's `optionsGroup`) that the help of a command only names; the manual explains them. */
export const RARE = 'More options:';
