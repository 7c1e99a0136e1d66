"use strict";
(() => {
  const root = document.documentElement, live = document.getElementById("live"), say = document.getElementById("say");
  const asOf = document.getElementById("as-of"), lostAt = document.getElementById("lost-at");
  const morph = (from, to) => {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) return from.replaceWith(to);
    if (from.nodeType !== 1) { from.nodeValue = to.nodeValue; return; }
    if (from.tagName === "DETAILS" && from.open) to.open = true;
    for (const {name} of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
    for (const {name, value} of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    const old = [...from.childNodes], fresh = [...to.childNodes];
    fresh.forEach((node, i) => i < old.length ? morph(old[i], node) : from.append(node));
    old.slice(fresh.length).forEach(node => node.remove());
  };
  if (root.dataset.refresh) {
    setInterval(async () => {
      try {
        const answer = await fetch(location.href);
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const tag of ["header", "main"]) morph(document.querySelector(tag), fresh.querySelector(tag));
        document.title = fresh.title;
        document.querySelector("link[rel=icon]").href = fresh.querySelector("link[rel=icon]").href;
      } catch { /* the next one may come through */ }
    }, root.dataset.refresh * 1000);
    return;
  }
  const put = (id, html) => {
    const known = document.getElementById(id);
    if (!known) return;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    if (holder.content.firstElementChild) morph(known, holder.content.firstElementChild);
  };
  const typing = () => document.activeElement && document.activeElement.matches("input[type=text]") && document.activeElement.value;
  let stream, version, heard = Date.now(), lost = false, again;
  const stale = yes => {
    if (yes === lost) return;
    lost = yes;
    root.classList.toggle("stale", yes);
    if (yes) lostAt.textContent = asOf.textContent;
    say.textContent = yes ? document.getElementById("lost").textContent : live.dataset.again;
  };
  const open = () => {
    stream = new EventSource(live.dataset.stream);
    stream.addEventListener("hello", message => {
      const hello = JSON.parse(message.data);
      if (version && version !== hello.version && !typing()) return location.reload();
      version = hello.version;
      document.querySelectorAll("input[name=form_token]").forEach(field => { field.value = hello.token; });
    });
    stream.addEventListener("reload", () => { if (!typing()) location.reload(); });
    stream.addEventListener("page", message => {
      const page = JSON.parse(message.data);
      heard = Date.now();
      stale(false);
      document.title = page.title;
      asOf.textContent = page.at;
      if (page.icon) document.querySelector("link[rel=icon]").href = page.icon;
      if (page.say) say.textContent = page.say;
      for (const [id, html] of Object.entries(page.parts)) put(id, html);
    });
    stream.onerror = () => {
      stale(true);
      if (stream.readyState === EventSource.CLOSED && !again) again = setTimeout(() => { again = 0; open(); }, 5000);
    };
  };
  open();
  setInterval(() => { if (Date.now() - heard > 30000) stale(true); }, 5000);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", event => { if (event.persisted) open(); });
})();
