// The page: shows what the server draws, and sends what people do. No state of its own but where the person looks.
import { compose } from "./composer.js";

const settings = JSON.parse(document.body.dataset.settings);
const $ = (id) => document.getElementById(id);
const look = { user: settings.you, at: settings.at, tab: "messages", thread: null, limit: 100 };
let socket = null;
let modalId = null;
let scrollTo = null;

// where the person looks lives in the address, so that a reload and a permalink come back to it

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const name of ["user", "at", "tab", "thread"]) if (wanted.has(name)) look[name] = wanted.get(name) || null;
  scrollTo = wanted.get("to");
}

function writeAddress() {
  const kept = new URLSearchParams();
  for (const name of ["user", "at", "tab", "thread"]) if (look[name]) kept.set(name, look[name]);
  history.replaceState(null, "", `#${kept}`);
}

function turn(change) {
  const channelChanged = change.at && change.at !== look.at;
  Object.assign(look, channelChanged ? { limit: 100, thread: null } : {}, change);
  writeAddress();
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(look));
}

function connect() {
  socket = new WebSocket(`ws://${location.host}/page/live`);
  socket.onopen = () => { document.body.classList.remove("offline"); turn({}); };
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = () => { document.body.classList.add("offline"); setTimeout(connect, 800); };
}

// showing

function show(drawn) {
  const moved = drawn.at !== undefined || drawn.tab !== undefined || drawn.user !== undefined;
  if (drawn.user !== undefined) look.user = drawn.user;
  if (drawn.at !== undefined) look.at = drawn.at;
  if (drawn.tab !== undefined) look.tab = drawn.tab ?? "messages";
  if (drawn.title !== undefined) document.title = drawn.title;
  for (const name of ["sidebar", "header", "notes", "prompts"]) if (drawn[name] !== undefined) $(name).innerHTML = drawn[name];
  if (drawn.notes !== undefined && sessionStorage.getItem("hide-try")) document.querySelector(".try")?.remove();
  if (drawn.home !== undefined) showHome(drawn.home);
  if (drawn.messages !== undefined) {
    const scroller = $("scroll");
    const atEnd = moved || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
    reconcile($("messages"), drawn.messages);
    if (atEnd) toEnd(scroller);
  }
  if (drawn.composer !== undefined) $("composer").querySelector("textarea").placeholder = drawn.composer;
  if (drawn.status !== undefined) $("status").textContent = drawn.status;
  if (drawn.thread !== undefined) showThread(drawn.thread);
  if (drawn.modal !== undefined) showModal(drawn.modal);
  document.body.dataset.tab = look.tab;
  writeAddress();
  epochs();
  if (scrollTo && $(`m-${scrollTo}`)) { const found = $(`m-${scrollTo}`); found.scrollIntoView({ block: "center" }); found.classList.add("found"); scrollTo = null; }
}

function toEnd(scroller) {
  scroller.scrollTop = scroller.scrollHeight;
  for (const picture of scroller.querySelectorAll("img")) if (!picture.complete) picture.addEventListener("load", () => { scroller.scrollTop = scroller.scrollHeight; }, { once: true });
}

// pieces keep their element while their HTML stays the same, so that an open menu or a half-typed field survives other people's messages
function reconcile(list, pieces) {
  const known = new Map([...list.children].map((piece) => [piece.dataset.key, piece]));
  const wanted = pieces.map(([key, html]) => {
    let piece = known.get(key);
    if (html !== null || !piece) {
      piece = document.createElement("div");
      piece.dataset.key = key;
      piece.innerHTML = html ?? "";
    }
    return piece;
  });
  list.replaceChildren(...wanted);
}

function showHome(html) {
  if (html === null) { $("home").innerHTML = ""; return; }
  $("home").innerHTML = html;
}

function showThread(thread) {
  const panel = $("thread");
  panel.hidden = !thread;
  document.body.classList.toggle("with-thread", !!thread);
  if (!thread) { $("thread-messages").replaceChildren(); return; }
  $("thread-where").textContent = thread.where;
  $("thread-status").textContent = thread.status;
  reconcile($("thread-messages"), thread.messages);
  toEnd(panel.querySelector(".thread-scroll"));
}

function showModal(modal) {
  const dialog = $("modal");
  if (!modal) { dialog.close(); modalId = null; dialog.innerHTML = ""; return; }
  const typed = modalId === modal.id ? collect(dialog) : null;
  if (modal.html !== dialog.dataset.html || modalId !== modal.id) {
    dialog.innerHTML = modal.html;
    dialog.dataset.html = modal.html;
    if (typed) restore(dialog, typed);
  }
  modalId = modal.id;
  for (const input of dialog.querySelectorAll("[data-input]")) {
    const words = modal.errors[input.dataset.input] ?? "";
    input.querySelector(".error").textContent = words;
    input.classList.toggle("wrong", words !== "");
  }
  busy(dialog, false);
  if (!dialog.open) dialog.showModal();
}

function epochs() {
  for (const field of document.querySelectorAll("input[data-epoch]:not([data-shown])")) {
    field.dataset.shown = "yes";
    if (field.dataset.epoch) field.value = new Date(field.dataset.epoch * 1000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }
}

// what people put in

function valueOf(field) {
  switch (field.dataset.kind) {
    case "checkboxes": return [...field.querySelectorAll("input:checked")].map((box) => box.value);
    case "radio_buttons": return field.querySelector("input:checked")?.value ?? "";
    case "datetimepicker": return field.value ? String(Math.floor(new Date(field.value) / 1000)) : "";
    default: return field.multiple ? [...field.selectedOptions].map((option) => option.value) : (field.dataset.value ?? field.value);
  }
}

function collect(root) {
  const values = {};
  for (const field of root.querySelectorAll("select[data-action], input[data-action], textarea[data-action], fieldset[data-action]"))
    (values[field.dataset.block] ??= {})[field.dataset.action] = valueOf(field);
  return values;
}

function restore(root, values) {
  for (const field of root.querySelectorAll("input[data-action], textarea[data-action], select[data-action]:not([multiple])")) {
    const value = values[field.dataset.block]?.[field.dataset.action];
    if (typeof value === "string" && field.dataset.kind !== "datetimepicker") field.value = value;
  }
}

async function ask(options) {
  const dialog = $("confirm"), [no, yes] = dialog.querySelectorAll("button");
  dialog.querySelector("h2").textContent = options.title;
  dialog.querySelector("p").textContent = options.text;
  no.textContent = options.no;
  yes.textContent = options.yes;
  yes.className = `btn ${options.style || "primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "yes";
}

// acts

async function act(name, body) {
  const response = await fetch(`/page/act/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user: look.user, ...body }) });
  return response.json();
}

function busy(element, is) { element?.classList.toggle("busy", is); }

function toast(words) {
  const box = $("toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { box.hidden = true; }, 6000);
}

function explain(answer) {
  if (answer.ok) return "";
  if (answer.error === "operation_timeout") return answer.reason === "not_connected" ? `${settings.app} is not connected, so nothing happened.` : `${settings.app} did not answer in time. Nothing may have happened.`;
  return `That did not work: ${answer.error}${answer.detail ? ` (${answer.detail})` : ""}`;
}

async function press(element) {
  if (element.dataset.confirm && !(await ask(JSON.parse(element.dataset.confirm)))) return;
  const dialog = element.closest("#modal"), home = element.closest("[data-view]"), message = element.closest("article");
  const body = { block_id: element.dataset.block, action_id: element.dataset.action, value: valueOf(element) };
  const root = dialog ?? home ?? message;
  if (home) body.view_id = home.dataset.view;
  else Object.assign(body, { channel: look.at, ts: message.dataset.ts });
  body.values = collect(root);
  busy(element, true);
  element.closest("details")?.removeAttribute("open");
  const answer = await act("click", body);
  busy(element, false);
  if (!answer.ok) toast(explain(answer));
}

async function submit(form) {
  busy(form, true);
  const answer = await act("submit", { view_id: form.dataset.view, values: collect(form) });
  busy(form, false);
  form.querySelector(".failed").textContent = explain(answer);
}

async function send(text, thread) {
  const answer = await act("say", { channel: look.at, text, thread_ts: thread });
  if (!answer.ok) toast(explain(answer));
}

const clicks = {
  go: (e) => { turn({ at: e.dataset.go, tab: e.classList.contains("app") ? "messages" : "messages", thread: null }); if (e.classList.contains("app")) act("open_home", { tab: "messages" }); },
  tab: (e) => { turn({ tab: e.dataset.tab, thread: null }); if (e.dataset.tab !== "about") act("open_home", { tab: e.dataset.tab }); },
  actAs: (e) => { turn({ user: e.dataset.actAs, at: look.at.startsWith("D") ? `D${e.dataset.actAs.slice(1)}` : look.at }); },
  thread: (e) => { turn({ thread: e.dataset.thread }); setTimeout(() => $("thread-composer").querySelector("textarea").focus(), 80); },
  react: async (e) => { const answer = await act("react", { channel: look.at, ts: e.closest("article").dataset.ts, name: e.dataset.react }); if (!answer.ok) toast(explain(answer)); },
  invite: async () => { const answer = await act("invite", { channel: look.at }); if (!answer.ok) toast(explain(answer)); },
  earlier: () => turn({ limit: look.limit + 200 }),
  dismiss: (e) => { sessionStorage.setItem("hide-try", "yes"); e.closest(".try").remove(); },
  prompt: (e) => send(e.dataset.prompt, null),
  close: () => act("close", { view_id: modalId }),
  pageButton: async (e) => {
    busy(e, true);
    const response = await fetch(`/page/button/${e.dataset.pageButton}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user: look.user, channel: look.at }) });
    const answer = await response.json();
    busy(e, false);
    toast(answer.ok ? answer.says || "Done." : explain(answer));
  },
};

document.addEventListener("click", (event) => {
  const element = event.target.closest("button, a, summary");
  for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  if (!element) return;
  const name = Object.keys(clicks).find((each) => each in element.dataset);
  if (name) { event.preventDefault(); clicks[name](element); return; }
  if ("action" in element.dataset) press(element);
});

document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-action][data-live]");
  if (field && field.tagName !== "BUTTON") press(field);
});

document.addEventListener("submit", (event) => {
  if (event.target.closest("#modal")) { event.preventDefault(); submit(event.target); }
});

$("modal").addEventListener("cancel", (event) => { event.preventDefault(); act("close", { view_id: modalId }); });
$("thread-close").addEventListener("click", () => turn({ thread: null }));
window.addEventListener("hashchange", () => { readAddress(); turn({}); });

compose($("composer"), settings, (text) => send(text, null));
compose($("thread-composer"), settings, (text) => send(text, look.thread));
readAddress();
connect();
