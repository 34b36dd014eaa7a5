// The browser's part of sharing: the picture of the stage, the preview of an embedded lab, which measures its
// height, and in an embedded lab the way to the whole page. A Streamlit component; `kind` says which.
import { el, keep, say } from "./dom.js";
import { pictureOf } from "./picture.js";

const SETTLED = 600; // ms without a change before a measured height is told
const base = new URL("..", import.meta.url);
const instances = new WeakMap();
const kinds = { picture: () => new Picture(), preview: () => new Preview(), opener: () => new Opener() };

export default function share(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => {
    const made = kinds[component.data.kind]();
    component.parentElement.append(made.root);
    return made;
  });
  instance.update(component);
  return cleanup;
}

/** The stage as a picture: shown, to be saved and to be copied. */
class Picture {
  constructor() {
    this.image = el("img", "shot", { alt: "The picture as it will be saved" });
    this.save = el("a", "action", {}, "Download PNG");
    this.copy = el("button", "action", { type: "button" }, "Copy PNG");
    this.vector = el("a", "action", {}, "Download SVG");
    this.told = el("span", "told", { role: "status" });
    this.copy.hidden = !globalThis.ClipboardItem || !navigator.clipboard?.write;
    this.copy.addEventListener("click", () => this.copied());
    this.root = el("div", "share", {}, el("div", "actions", {}, this.save, this.copy, this.vector, this.told), this.image);
  }

  end() {
    URL.revokeObjectURL(this.image.src);
    this.root.remove();
  }

  async update({ data }) {
    const { lab, title, address, svg } = data;
    this.vector.href = new URL(svg, base).href;
    this.vector.download = `${lab}.svg`;
    if (this.blob) return;
    this.blob = await pictureOf(lab, { title, address });
    if (!this.blob) return say(this.told, "There is no picture on the stage yet.");
    URL.revokeObjectURL(this.image.src);
    this.image.src = this.save.href = URL.createObjectURL(this.blob);
    this.save.download = `${lab}.png`;
  }

  async copied() {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": this.blob })]);
      say(this.told, "Copied.");
    } catch {
      say(this.told, "The browser did not allow it; save the picture instead.");
    }
  }
}

/** A lab as a page of somebody else will show it. */
class Preview {
  constructor() {
    this.frame = el("iframe", "preview");
    this.root = el("div", "share scroller", { tabindex: "0", role: "group", "aria-label": "Preview" }, this.frame);
    this.heard = (event) => this.hear(event);
    addEventListener("message", this.heard);
  }

  end() {
    removeEventListener("message", this.heard);
    clearTimeout(this.timer);
    this.root.remove();
  }

  update({ data, setStateValue }) {
    Object.assign(this, { data, tell: setStateValue });
    const address = new URL(data.page, base).href;
    this.frame.title = `Preview: ${data.title}`;
    if (this.frame.src !== address) this.frame.src = address;
  }

  hear({ source, origin, data }) {
    const height = Number(data?.tensorscopeHeight);
    if (source !== this.frame.contentWindow || origin !== location.origin) return;
    if (!(height >= this.data.low && height <= this.data.high)) return;
    this.frame.style.height = `${height}px`;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => height !== this.told && this.tell("height", (this.told = height)), SETTLED);
  }
}

/** In an embedded lab: the link to the whole page, in its state; and how high the page is, for the frame. */
class Opener {
  constructor() {
    this.link = el("a", "opener", { target: "_blank", rel: "noopener" }, "Open in Tensorscope ↗");
    this.root = el("div", "share", {}, this.link);
    this.page = document.querySelector(".stMainBlockContainer");
    this.resizing = new ResizeObserver(() => this.tell());
    if (this.page && parent !== window) this.resizing.observe(this.page);
  }

  end() {
    this.resizing.disconnect();
    this.root.remove();
  }

  update({ data }) {
    this.link.href = new URL(data.page, base).href;
  }

  /** A number and nothing else, so that any page may hear it. */
  tell() {
    parent.postMessage({ tensorscopeHeight: Math.ceil(this.page.getBoundingClientRect().height) }, "*");
  }
}
