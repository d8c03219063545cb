// Under LANG=C the webview reports the language "C", and Intl throws on it wherever it is used. What is not a language is left out.
(() => {
  const isLanguage = (tag) => {
    try {
      return Intl.getCanonicalLocales(tag).length === 1;
    } catch {
      return false;
    }
  };
  const known = navigator.languages.filter(isLanguage);
  if (known.length === navigator.languages.length && isLanguage(navigator.language)) return;
  const languages = Object.freeze(known.length > 0 ? known : ["en-US"]);
  Object.defineProperty(navigator, "language", { get: () => languages[0] });
  Object.defineProperty(navigator, "languages", { get: () => languages });
})();
