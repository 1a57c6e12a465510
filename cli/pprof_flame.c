/* A flame graph: one SVG file with its script in it, for any browser and nothing else.
 *
 * Stacks are merged from the root; a box is as wide as what its stacks cost.  A click shows one box over the whole
 * width, a click on the root all again; the field at the top right marks what a word is in.  Without a script it is a
 * picture with tooltips. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"
#include "cli/pprof.h"

enum { WIDTH = 1200, ROW = 18, TOP = 56, CHAR_TENTHS = 66 /* of a pixel: a letter of the font below */ };

struct box {
  char *name;
  int64_t value;
  struct box *children; /* sorted by name once laid out */
  size_t children_n;
  int64_t from; /* where its row begins, in values */
};

static struct box *child(struct box *b, char *name) {
  for (size_t i = 0; i < b->children_n; i++)
    if (strcmp(b->children[i].name, name) == 0) {
      free(name);
      return &b->children[i];
    }
  b->children = mem_grow(b->children, (b->children_n + 1) * sizeof *b->children);
  b->children[b->children_n] = (struct box){.name = name};
  return &b->children[b->children_n++];
}

static void add_sample(const struct view *v, const struct profile_sample *s, struct box *root) {
  int64_t value = s->values[v->column];
  if (value <= 0) return; /* a box can't be narrower than nothing: what -diff_base made less is left out */
  struct box *b = root;
  b->value += value;
  for (size_t k = s->depth; k-- > 0;)
    for (size_t line = s->stack[k]->lines_n ? s->stack[k]->lines_n : 1; line-- > 0;) {
      b = child(b, frame_name(v, s->stack[k], line));
      b->value += value;
    }
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct box *)a)->name, ((const struct box *)b)->name);
}

/* Positions of what is above; gives back how many rows there are. */
static size_t lay_out(struct box *b) {
  size_t deepest = 0;
  int64_t at = b->from;
  if (b->children_n) qsort(b->children, b->children_n, sizeof *b->children, by_name);
  for (size_t i = 0; i < b->children_n; i++) {
    b->children[i].from = at;
    at += b->children[i].value;
    size_t rows = lay_out(&b->children[i]);
    if (rows > deepest) deepest = rows;
  }
  return deepest + 1;
}

static void put_escaped(struct buf *out, const char *s, size_t n) {
  for (size_t i = 0; i < n && s[i]; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c == '<')
      buf_str(out, "&lt;");
    else if (c == '>')
      buf_str(out, "&gt;");
    else if (c == '&')
      buf_str(out, "&amp;");
    else if (c == '"')
      buf_str(out, "&quot;");
    else
      buf_add(out, iscntrl(c) ? "?" : &s[i], 1);
  }
}

/* Warm, and the same for the same name. */
static void put_color(struct buf *out, const char *name) {
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
  buf_format(out, "hsl(%u,%u%%,%u%%)", h % 46, 70 + h / 64 % 20, 58 + h / 4096 % 12);
}

struct drawing {
  const struct view *v;
  struct buf *out;
  double scale; /* pixels for one of the values */
  size_t rows;
};

static void put_box(const struct drawing *d, const struct box *b, size_t row) {
  double x = (double)b->from * d->scale, width = (double)b->value * d->scale;
  size_t y = TOP + (d->rows - 1 - row) * ROW;
  char room[64];
  if (width < 0.1) return; /* nobody sees it, and files stay small */
  size_t letters = width * 10 > CHAR_TENTHS * 3 ? (size_t)((width - 6) * 10 / CHAR_TENTHS) : 0;
  buf_format(d->out, "<g class=\"b\" data-x=\"%.3f\" data-w=\"%.3f\" data-n=\"", x, width);
  put_escaped(d->out, b->name, SIZE_MAX);
  buf_format(d->out, "\"><title>");
  put_escaped(d->out, b->name, SIZE_MAX);
  buf_format(d->out, ": %s (%.2f%%)</title><rect x=\"%.3f\" y=\"%zu\" width=\"%.3f\" height=\"%d\" fill=\"",
             value_text(d->v, b->value, room), percent_of(b->value, d->v->total), x, y, width, ROW - 1);
  put_color(d->out, b->name);
  buf_format(d->out, "\"/><text x=\"%.3f\" y=\"%zu\">", x + 3, y + ROW - 5);
  size_t length = strlen(b->name);
  put_escaped(d->out, b->name, letters >= length ? length : letters > 2 ? letters - 2 : 0);
  buf_str(d->out, letters < length && letters > 2 ? "..</text></g>\n" : "</text></g>\n");
  for (size_t i = 0; i < b->children_n; i++) put_box(d, &b->children[i], row + 1);
}

static const char script[] =
    "<script><![CDATA[\n"
    "const all=[...document.querySelectorAll('.b')], W=1200;\n"
    "for(const g of all){g.x=+g.dataset.x;g.w=+g.dataset.w;g.r=g.querySelector('rect');g.t=g.querySelector('text');\n"
    " g.y=+g.r.getAttribute('y');g.onclick=()=>zoom(g);}\n"
    "function fit(g,w){const n=g.dataset.n,k=Math.floor((w-6)/6.6);\n"
    " g.t.textContent=k>=n.length?n:k>2?n.slice(0,k-2)+'..':'';}\n"
    "function zoom(f){const s=W/f.w,e=1e-3;\n"
    " for(const g of all){let x,w;\n"
    "  if(g.y>=f.y&&g.x<=f.x+e&&g.x+g.w>=f.x+f.w-e){x=0;w=W;}\n"
    "  else if(g.y<f.y&&g.x>=f.x-e&&g.x+g.w<=f.x+f.w+e){x=(g.x-f.x)*s;w=g.w*s;}\n"
    "  else{g.style.display='none';continue;}\n"
    "  g.style.display='';g.r.setAttribute('x',x);g.r.setAttribute('width',w);g.t.setAttribute('x',x+3);fit(g,w);}}\n"
    "document.getElementById('q').onclick=()=>{const q=prompt('mark what has this in its name');\n"
    " for(const g of all)g.r.style.fill=q&&g.dataset.n.includes(q)?'#8040ff':'';};\n"
    "]]></script>\n";

static void box_free(struct box *b) {
  for (size_t i = 0; i < b->children_n; i++) box_free(&b->children[i]);
  free(b->children);
  free(b->name);
}

void pprof_flame(const struct view *v, struct buf *out) {
  char room[64];
  struct box root = {.name = mem_strdup("all")};
  for (size_t i = 0; i < v->profile->samples_n; i++) add_sample(v, &v->profile->samples[i], &root);
  size_t rows = lay_out(&root), height = TOP + rows * ROW + 10;
  struct drawing d = {v, out, root.value ? (double)WIDTH / (double)root.value : 0, rows};
  buf_format(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %zu\" width=\"%d\" height=\"%zu\""
             " font-family=\"monospace\" font-size=\"11\">\n"
             "<style>.b{cursor:pointer} .b:hover rect{stroke:#222} text{pointer-events:none}"
             " #q{pointer-events:all;cursor:pointer}</style>\n"
             "<rect width=\"100%%\" height=\"100%%\" fill=\"#fdfaf5\"/>\n<text x=\"600\" y=\"24\" font-size=\"16\""
             " text-anchor=\"middle\">",
             WIDTH, height, WIDTH, height);
  const char *file = v->profile->mappings_n ? v->profile->mappings[0].file : "";
  const char *slash = strrchr(file, '/');
  put_escaped(out, slash ? slash + 1 : file, SIZE_MAX);
  buf_str(out, " ");
  put_escaped(out, v->profile->types[v->column].type, SIZE_MAX);
  buf_format(out, ", %s</text>\n<text id=\"q\" x=\"1190\" y=\"24\" text-anchor=\"end\">mark ...</text>\n",
             value_text(v, root.value, room));
  put_box(&d, &root, 0);
  buf_str(out, script);
  buf_str(out, "</svg>\n");
  box_free(&root);
}
