"use strict";

(() => {
  const { themes, figures } = JSON.parse(document.getElementById("charts").textContent);
  const choiceOfSource = document.getElementById("source");
  const themeButton = document.getElementById("theme");
  const told = document.getElementById("told");
  const charts = [...document.querySelectorAll("[data-chart]")];
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  // Charts that were not seen yet are drawn when they come near: a long report opens at once.
  const seen = new Set();

  const theme = () => document.documentElement.dataset.theme || (prefersDark.matches ? "dark" : "light");

  const draw = (element) => {
    const figure = figures[element.dataset.chart][choiceOfSource.value];
    element.hidden = !figure;
    if (!figure) {
      return undefined;
    }
    const least = Number(element.dataset.leastWidth || 0);
    element.style.minWidth = least ? `${least}px` : "";
    const layout = { ...figure.layout, template: themes[theme()], autosize: true };
    // Plotly changes what it is given, and both stay in use.
    const [data, given] = JSON.parse(JSON.stringify([figure.data, layout]));
    return Plotly.react(element, data, given, { displayModeBar: false, responsive: true, doubleClick: false });
  };

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting && !seen.has(target)) {
          seen.add(target);
          draw(target);
        }
      }
    },
    { rootMargin: "600px" },
  );

  const drawSeen = () => seen.forEach(draw);

  const showChoice = () => {
    const choice = choiceOfSource.value;
    for (const element of document.querySelectorAll("[data-choice]")) {
      element.hidden = element.dataset.choice !== choice;
    }
    for (const element of charts) {
      element.hidden = !figures[element.dataset.chart][choice];
    }
    drawSeen();
  };

  const nameTheme = () => {
    themeButton.textContent = theme() === "dark" ? "Light" : "Dark";
    themeButton.setAttribute("aria-label", `${themeButton.textContent} theme`);
  };

  choiceOfSource.addEventListener("change", () => {
    showChoice();
    told.textContent = `Showing ${choiceOfSource.selectedOptions[0].textContent}`;
  });
  themeButton.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme() === "dark" ? "light" : "dark";
    nameTheme();
    drawSeen();
  });
  prefersDark.addEventListener("change", () => {
    nameTheme();
    drawSeen();
  });

  window.addEventListener("beforeprint", () => charts.forEach(draw));

  choiceOfSource.disabled = false;
  themeButton.disabled = false;
  nameTheme();
  showChoice();
  charts.forEach((element) => watcher.observe(element));
})();
