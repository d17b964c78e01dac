"""Every table of the product. Models hold fields, constraints and indexes; decisions live in `care`, use cases in
`services`, which is the only room that may import this one."""
