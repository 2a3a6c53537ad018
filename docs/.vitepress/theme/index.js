/** The default theme, with room for drawings. */
import DefaultTheme from 'vitepress/theme';
import './style.css';

export default DefaultTheme;
