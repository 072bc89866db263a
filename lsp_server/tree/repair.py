from lsp_server.tree import yaml, json as j
from lsp_server.tree.node import Tree
def read(text, kind):
    r=(j if kind=='json' else yaml).read(text)
    return Tree(text,r.columns,kind,tuple(r.problems))
