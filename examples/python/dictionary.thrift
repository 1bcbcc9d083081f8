struct Entry {
  1: string word
  2: string meaning
}

exception Unknown {
  1: string word
}

service Dictionary {
  Entry lookup(1: string word) throws (1: Unknown unknown)
}
