/** What Mantine is told about looks; colours with a meaning stand in `theme.css`. */

import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** A quiet blue for what can be pressed. */
const tide: MantineColorsTuple = [
  '#eef4fa',
  '#dbe6f2',
  '#b4cbe4',
  '#8aafd6',
  '#6897ca',
  '#5288c3',
  '#3f78b5',
  '#2f669f',
  '#235688',
  '#164673',
];

/** The dark surfaces, from text to page. */
const dark: MantineColorsTuple = [
  '#e3e8ee',
  '#b6c0cc',
  '#9ba8b7',
  '#6b7785',
  '#3a4450',
  '#303843',
  '#252c35',
  '#1c2128',
  '#181c22',
  '#14181d',
];

/** The head of a dialog is no landmark of the page, and its close button has a name. */
const dialog = { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'presentation' } } };

export const theme = createTheme({
  colors: { tide, dark },
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Cantarell, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "JetBrains Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '0.9375rem' }, h3: { fontSize: '0.875rem' } },
  },
  components: {
    Button: { defaultProps: { size: 'xs', fw: 500 } },
    Modal: { defaultProps: dialog, styles: { title: { fontSize: '1rem', fontWeight: 600 } } },
    Drawer: { defaultProps: dialog },
    Tooltip: {
      defaultProps: {
        multiline: true,
        maw: 320,
        withArrow: true,
        openDelay: 200,
        events: { hover: true, focus: true, touch: true },
      },
    },
  },
});
