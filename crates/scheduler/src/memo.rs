//! Answers to a question about classes of pods, each worked out once.

/// By the class's id.
#[derive(Default)]
pub struct Memo(Vec<Option<bool>>);

impl Memo {
    pub fn get(&mut self, id: usize, answer: impl FnOnce() -> bool) -> bool {
        if self.0.len() <= id {
            self.0.resize(id + 1, None);
        }
        *self.0[id].get_or_insert_with(answer)
    }
}
