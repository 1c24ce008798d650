// Entry of the page scripts. Each module adds speed to something that works without it.
import "./menus.js";
import "./search.js";
import "./lists.js";
import "./inspector.js";
import "./toasts.js";
import "./session.js";
import "./theme.js";
import "./workbench.js";

// After a failed form the error summary is where the reader should be.
document.querySelector("[data-autofocus]")?.focus();
