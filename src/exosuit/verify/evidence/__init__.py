"""What machines can say of the atoms of a change: evidence, and the verdict on a group of atoms."""
