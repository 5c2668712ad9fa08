//! The canonical schemas: types, clients and servers made from the .proto files, and their
//! descriptors with the field and method options.
//!
//! The .proto files are the single definition of every record. Everything that depends on what a
//! field is called, how it is classed or how it is compared reads [`descriptors`].
#![forbid(unsafe_code)]

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// The encoded `google.protobuf.FileDescriptorSet` of all packages, custom options included.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

static DESCRIPTORS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the built-in descriptor set decodes")
});

/// The built-in descriptors of all packages.
pub fn descriptors() -> DescriptorPool {
    DESCRIPTORS.clone()
}

pub mod lienthong {
    pub mod lookup {
        pub mod v1 {
            tonic::include_proto!("lienthong.lookup.v1");
        }
    }
    pub mod population {
        pub mod v1 {
            tonic::include_proto!("lienthong.population.v1");
        }
    }
    pub mod criminalrecord {
        pub mod v1 {
            tonic::include_proto!("lienthong.criminalrecord.v1");
        }
    }
    pub mod business {
        pub mod v1 {
            tonic::include_proto!("lienthong.business.v1");
        }
    }
    pub mod audit {
        pub mod v1 {
            tonic::include_proto!("lienthong.audit.v1");
        }
    }
    pub mod catalog {
        pub mod v1 {
            tonic::include_proto!("lienthong.catalog.v1");
        }
    }
}

pub use lienthong::{audit, business, catalog, criminalrecord, lookup, population};

pub mod rules;
pub mod schemas;
