// the arrows of the navigation say what they do, to those who hear the page, too
document.querySelectorAll("nav summary").forEach((arrow) => {
  arrow.setAttribute("aria-label", "Show the pages below");
});
