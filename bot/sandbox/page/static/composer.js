// A text box that grows, sends on Enter, and suggests slash commands and names while typing.

export function compose(form, settings, send) {
  const area = form.querySelector("textarea"), list = form.querySelector(".suggest"), hint = form.querySelector(".hint"), button = form.querySelector(".send");
  let chosen = 0;

  function suggestions() {
    const before = area.value.slice(0, area.selectionStart);
    if (/^\/\S*$/.test(before)) return settings.commands.filter(([name]) => name.startsWith(before)).map(([name, usage, about]) => ({ put: `${name} `, from: 0, name, usage, about }));
    const at = before.match(/(^|\s)@(\w*)$/);
    if (!at) return [];
    const typed = at[2].toLowerCase();
    return settings.names.filter(([name, real]) => name.toLowerCase().startsWith(typed) || real.toLowerCase().startsWith(typed)).map(([name, real]) => ({ put: `@${name} `, from: before.length - typed.length - 1, name: `@${name}`, usage: "", about: real }));
  }

  function refresh() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 220)}px`;
    button.disabled = area.value.trim() === "";
    const found = suggestions();
    chosen = Math.min(chosen, Math.max(0, found.length - 1));
    list.hidden = found.length === 0;
    list.replaceChildren(...found.map((each, index) => {
      const row = document.createElement("button");
      row.type = "button";
      row.className = index === chosen ? "chosen" : "";
      for (const [tag, text] of [["b", each.name], ["code", each.usage], ["span", each.about]]) {
        const part = document.createElement(tag);
        part.textContent = text;
        if (text) row.append(part);
      }
      row.addEventListener("mousedown", (event) => { event.preventDefault(); take(each); });
      return row;
    }));
    const command = settings.commands.find(([name]) => area.value.startsWith(`${name} `));
    hint.textContent = command ? `${command[0]} ${command[1]}` : "";
    hint.classList.toggle("usage", !!command);
  }

  function take(each) {
    const rest = area.value.slice(area.selectionStart);
    area.value = area.value.slice(0, each.from) + each.put + rest;
    area.selectionStart = area.selectionEnd = each.from + each.put.length;
    refresh();
  }

  function done() {
    const text = area.value.trim();
    if (!text) return;
    area.value = "";
    refresh();
    send(text);
  }

  area.addEventListener("input", () => { chosen = 0; refresh(); });
  area.addEventListener("keydown", (event) => {
    const found = suggestions(), open = found.length > 0 && !list.hidden;
    const typed = area.value.slice(found[chosen]?.from ?? 0, area.selectionStart).trim().toLowerCase();
    const exact = open && typed === found[chosen]?.put.trim().toLowerCase(); // already whole: Enter sends
    if (open && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      refresh();
    } else if (open && (event.key === "Tab" || (event.key === "Enter" && !exact))) {
      event.preventDefault();
      take(found[chosen]);
    } else if (open && event.key === "Escape") {
      list.hidden = true;
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      done();
    }
  });
  area.addEventListener("blur", () => { list.hidden = true; });
  form.addEventListener("submit", (event) => { event.preventDefault(); done(); });
}
