//! The ciphers, each with a key of its own.

use crate::{EncryptionError, random};
use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, XSalsa20Poly1305};
use stdx::Rng;

const BLOCK_LEN: usize = 16;
const SECRETBOX_NONCE_LEN: usize = 24;
const SHORT: EncryptionError = EncryptionError::Data("the stored data was shorter than the required size");
/// A key of a length that was checked cannot be refused, so only memory can be lacking.
const SEAL: EncryptionError = EncryptionError::Data("the value could not be encrypted");

/// A cipher with its key.
pub enum Cipher {
    AesCbc(Box<Cbc>),
    AesGcm(Gcm),
    Secretbox(Box<XSalsa20Poly1305>),
}

impl Cipher {
    /// Lengths that a key may have.
    pub const AES_LENGTHS: &'static [usize] = &[16, 24, 32];
    pub const SECRETBOX_LENGTHS: &'static [usize] = &[32];

    pub fn secretbox(key: &[u8]) -> Option<Cipher> {
        let key: [u8; 32] = key.try_into().ok()?;
        Some(Cipher::Secretbox(Box::new(XSalsa20Poly1305::new(&Key::from(key)))))
    }

    pub fn open(&self, data: &[u8], context: &[u8]) -> Result<Vec<u8>, EncryptionError> {
        match self {
            Cipher::AesCbc(cbc) => cbc.open(data),
            Cipher::AesGcm(gcm) => gcm.open(data, context),
            Cipher::Secretbox(secretbox) => {
                let (nonce, sealed) = data.split_first_chunk::<SECRETBOX_NONCE_LEN>().ok_or(SHORT)?;
                let refused = |_| EncryptionError::Data("invalid data in storage or invalid key");
                secretbox.decrypt(nonce.into(), sealed).map_err(refused)
            }
        }
    }

    /// Appends what is stored.
    pub fn seal(&self, rng: &dyn Rng, plain: &[u8], context: &[u8], out: &mut Vec<u8>) -> Result<(), EncryptionError> {
        match self {
            Cipher::AesCbc(cbc) => cbc.seal(rng, plain, out),
            Cipher::AesGcm(gcm) => gcm.seal(rng, plain, context, out),
            Cipher::Secretbox(secretbox) => {
                let nonce: [u8; SECRETBOX_NONCE_LEN] = random(rng);
                out.extend_from_slice(&nonce);
                let sealed = secretbox.encrypt(&nonce.into(), plain);
                out.extend_from_slice(&sealed.map_err(|_| SEAL)?);
                Ok(())
            }
        }
    }
}

/// AES in CBC mode.
pub struct Cbc {
    encrypting: PaddedBlockEncryptingKey,
    decrypting: PaddedBlockDecryptingKey,
}

impl Cbc {
    /// None: no length of an AES key.
    pub fn new(key: &[u8]) -> Option<Cbc> {
        let algorithm = match key.len() {
            16 => &AES_128,
            24 => &AES_192,
            32 => &AES_256,
            _ => return None,
        };
        let unbound = || UnboundCipherKey::new(algorithm, key).ok();
        Some(Cbc {
            encrypting: PaddedBlockEncryptingKey::cbc_pkcs7(unbound()?).ok()?,
            decrypting: PaddedBlockDecryptingKey::cbc_pkcs7(unbound()?).ok()?,
        })
    }

    fn open(&self, data: &[u8]) -> Result<Vec<u8>, EncryptionError> {
        let (iv, sealed) = data.split_first_chunk::<BLOCK_LEN>().ok_or(SHORT)?;
        if !sealed.len().is_multiple_of(BLOCK_LEN) {
            return Err(EncryptionError::Data("the stored data is not a multiple of the block size"));
        }
        if sealed.is_empty() {
            return Err(EncryptionError::Data("invalid PKCS7 data (empty or not padded)"));
        }
        let mut buffer = sealed.to_vec();
        let opened = self.decrypting.decrypt(&mut buffer, DecryptionContext::Iv128(iv.into()));
        let len = opened.map_err(|_| EncryptionError::Data("invalid padding on input"))?.len();
        buffer.truncate(len);
        Ok(buffer)
    }

    fn seal(&self, rng: &dyn Rng, plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncryptionError> {
        let iv: [u8; BLOCK_LEN] = random(rng);
        let mut buffer = plain.to_vec();
        let context = EncryptionContext::Iv128((&iv).into());
        self.encrypting.less_safe_encrypt(&mut buffer, context).map_err(|_| SEAL)?;
        out.extend_from_slice(&iv);
        out.extend_from_slice(&buffer);
        Ok(())
    }
}

/// AES in GCM mode, with random nonces.
pub struct Gcm(LessSafeKey);

impl Gcm {
    /// None: no length of an AES key.
    pub fn new(key: &[u8]) -> Option<Gcm> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            _ => return None,
        };
        Some(Gcm(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
    }

    pub fn open(&self, data: &[u8], context: &[u8]) -> Result<Vec<u8>, EncryptionError> {
        let (nonce, sealed) = data.split_first_chunk::<NONCE_LEN>().ok_or(SHORT)?;
        let mut buffer = sealed.to_vec();
        let opened = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut buffer);
        let len = opened.map_err(|_| EncryptionError::Data("cipher: message authentication failed"))?.len();
        buffer.truncate(len);
        Ok(buffer)
    }

    pub fn seal(&self, rng: &dyn Rng, plain: &[u8], context: &[u8], out: &mut Vec<u8>) -> Result<(), EncryptionError> {
        let nonce: [u8; NONCE_LEN] = random(rng);
        let mut buffer = plain.to_vec();
        let sealed =
            self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut buffer);
        sealed.map_err(|_| SEAL)?;
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&buffer);
        Ok(())
    }
}
